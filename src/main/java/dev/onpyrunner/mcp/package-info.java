/** The Model Context Protocol at {@code /mcp}: programs run for agents. {@code docs/mcp.md} is the contract. */
package dev.onpyrunner.mcp;
