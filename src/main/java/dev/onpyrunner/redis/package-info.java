/**
 * Redis as OnPyRunner uses it: a pipelined connection that comes back by itself, to wherever the master is, scripts, and a
 * Redis of our own.
 */
package dev.onpyrunner.redis;
