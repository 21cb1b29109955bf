/** The HTTP interface: takes jobs, answers questions about them, and turns every refusal into a problem document. */
package dev.onpyrunner.http;
