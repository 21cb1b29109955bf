/** Redis as OnPyRunner uses it: one pipelined connection that comes back by itself, scripts, and a Redis of our own. */
package dev.onpyrunner.redis;
