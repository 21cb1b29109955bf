package dev.onpyrunner.job;

/** The names of Redis' keys. All keys of one partition carry its hash tag, so each script stays within one slot. */
record Keys(String prefix) {
    String partition(int k) {
        return prefix + ":{" + k + "}:";
    }

    String partition(JobId id) {
        return partition(id.partition());
    }

    String job(JobId id) {
        return partition(id) + "job:" + id;
    }

    String log(JobId id) {
        return job(id) + ":log";
    }

    String file(JobId id, String path) {
        return job(id) + ":file:" + path;
    }

    /** The paths of a job's files, so that all of them can be found again. */
    String files(JobId id) {
        return job(id) + ":files";
    }

    /** The jobs that were posted together with this one, and after it. */
    String batch(JobId first) {
        return partition(first) + "batch:" + first;
    }

    String gone(int k) {
        return partition(k) + "gone";
    }

    String ready(int k, String queue) {
        return partition(k) + "ready:" + queue;
    }

    String wake(int k, String queue) {
        return partition(k) + "wake:" + queue;
    }

    /** What a running job is still to be given: input, its end, signals. */
    String input(JobId id) {
        return job(id) + ":in";
    }

    /** How far each sender of a job's input has come. */
    String inputFrom(JobId id) {
        return job(id) + ":in-from";
    }

    /** Where one runner waits too, to be woken when it stops. */
    String wakeNode(int k, String node) {
        return partition(k) + "wake-node:" + node;
    }

    String ends(int k) {
        return partition(k) + "ends";
    }

    String lease(int k) {
        return partition(k) + "lease";
    }

    String deadline(int k) {
        return partition(k) + "deadline";
    }

    String stats(int k) {
        return partition(k) + "stats";
    }

    String ownerSum(int k, Owner owner) {
        return partition(k) + "owner-sum:" + owner.name();
    }

    String ownerKept(int k, Owner owner) {
        return partition(k) + "owner-kept:" + owner.name();
    }

    String dead(int k) {
        return partition(k) + "dead";
    }

    String idem(int k, String hash) {
        return partition(k) + "idem:" + hash;
    }
}
