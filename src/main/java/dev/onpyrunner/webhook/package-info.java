/** Tells another server when a job has ended: at least once for each job, whatever dies. */
package dev.onpyrunner.webhook;
