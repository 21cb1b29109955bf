/** The live console: WebSocket and Server-Sent Events over a job's event log. */
package dev.onpyrunner.console;
