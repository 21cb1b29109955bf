package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.RESULT;
import static dev.onpyrunner.job.TestStore.RUNTIME;
import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestCluster;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every script of the queue on every master of a cluster. */
@Timeout(60)
class JobStoreClusterIT {
    private static final int PARTITIONS = 6;

    @Test
    void each_partition_does_all_that_a_queue_does() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (TestCluster cluster = TestCluster.start(vertx)) {
            RedisLink link = Await.get(RedisLink.open(vertx, cluster.settings(), "test"));
            TestStore store = TestStore.open(link, TestStore.Setup.USUAL.withPartitions(PARTITIONS));
            Map<Integer, Owner> owners = new TreeMap<>();
            for (int i = 0; owners.size() < PARTITIONS; i++) {
                Owner owner = new Owner("ip:10.0.0." + i);
                owners.putIfAbsent(owner.partition(PARTITIONS), owner);
            }
            owners.forEach((partition, owner) -> livesThroughAll(store, partition, owner));
        } finally {
            Await.get(vertx.close());
        }
    }

    private static Claim claim(TestStore store, int partition) {
        Optional<Claim> claim = Await.get(store.jobs.claim(partition, List.of(RUNTIME), "node"));
        return claim.orElseThrow(() -> new AssertionError("no job waits"));
    }

    private static void livesThroughAll(TestStore store, int partition, Owner owner) {
        JobId id = store.accept(owner, TestStore.spec("pass"), "key").id();
        assertThat(id.partition()).isEqualTo(partition);
        assertThat(store.accept(owner, TestStore.spec("pass"), "key").id()).isEqualTo(id);
        assertThat(store.position(id)).isEqualTo(1);

        Claim given = claim(store, partition);
        Await.get(store.jobs.release(given));
        Claim lost = claim(store, partition);
        Await.until(
                "it is reaped",
                () -> Await.get(store.jobs.reap(partition, Optional.empty()))
                        .contains(new JobStore.Reaped(id, JobStore.Reaped.What.REQUEUED, "here")));
        Claim claim = claim(store, partition);
        assertThat(claim.fence()).isGreaterThan(lost.fence());
        assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
        store.emit(claim, TestStore.out(claim, 2, "out"));
        store.storeFile(claim, "a.txt", "file");
        Result result = RESULT.withFiles(List.of(CollectedFile.of("a.txt", 4)));
        Await.get(store.jobs.finish(claim, List.of(), 3, JobStatus.DONE, result));
        assertThat(store.find(id).status()).isEqualTo(JobStatus.DONE);
        assertThat(store.file(id, "a.txt")).isEqualTo("file");
        assertThat(Await.get(store.jobs.output(store.find(id))).stdout()).isEqualTo(Buffer.buffer("out"));
        assertThat(Await.get(store.jobs.purge(id))).isTrue();

        JobId second = store.accept(owner);
        assertThat(store.cancel(second)).isEqualTo(JobStore.Cancel.Met.AT_ONCE);
        Await.get(store.jobs.passWake(partition, RUNTIME));
    }
}
