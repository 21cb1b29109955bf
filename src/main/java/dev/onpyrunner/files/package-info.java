/** Folders on this machine's disk. */
package dev.onpyrunner.files;
