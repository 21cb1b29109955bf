package dev.onpyrunner.dependencies;

/** A program's dependencies cannot be had. Its message is for the program's owner. */
public final class DependencyException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final boolean ofProgram;

    private DependencyException(String message, boolean ofProgram) {
        super(message);
        this.ofProgram = ofProgram;
    }

    /** The program asks for what cannot be had: it would not be different another time. */
    static DependencyException ofProgram(String message) {
        return new DependencyException(message, true);
    }

    /** The system could not get it. */
    static DependencyException ofSystem(String message) {
        return new DependencyException(message, false);
    }

    /** Whether it is the program that must change. */
    public boolean isOfProgram() {
        return ofProgram;
    }
}
