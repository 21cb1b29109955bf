/** Several nodes as one: who is there, and the event bus between them. Redis has the truth; this only makes it quick. */
package dev.onpyrunner.cluster;
