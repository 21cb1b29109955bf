package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import io.vertx.ext.web.Router;

/**
 * Section {@code doors} of the settings: which other protocols are spoken.
 *
 * @param execute {@code POST /execute} and {@code GET /jobs/{id}}
 * @param piston Piston's, version 2
 * @param judge0 Judge0's submissions
 */
public record DoorSettings(boolean execute, boolean piston, boolean judge0) {
    /** Adds the routes of those that are open. */
    public void mount(Router router, Desk desk) {
        if (execute) {
            new ExecuteDoor(desk).mount(router);
        }
        if (piston) {
            new PistonDoor(desk).mount(router);
        }
        if (judge0) {
            new Judge0Door(desk).mount(router);
        }
    }
}
