/** The packages that a program's own header names (PEP 723): checked, fetched outside the jail, and kept for the next one. */
package dev.onpyrunner.dependencies;
