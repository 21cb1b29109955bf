/** Other runners' protocols over the same jobs, for their users; off unless the settings say so. {@code docs/doors.md} is the contract. */
package dev.onpyrunner.doors;
