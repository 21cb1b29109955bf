/** OnPyRunner: runs untrusted Python programs as durable jobs. The root knows all features and puts them together. */
package dev.onpyrunner;
