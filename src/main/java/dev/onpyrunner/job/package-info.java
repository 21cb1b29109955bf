/** What a job is and where it lives: its request, its states, its event log, and the scripts that keep them true. */
package dev.onpyrunner.job;
