/** Runs jobs: claims them, puts each into a jail, watches its limits, and stores what became of it. */
package dev.onpyrunner.runner;
