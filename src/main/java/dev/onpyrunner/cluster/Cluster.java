package dev.onpyrunner.cluster;

import com.hazelcast.cluster.Address;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.ListenerConfig;
import com.hazelcast.config.NetworkConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.spi.cluster.hazelcast.ConfigUtil;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a Vert.x whose event bus reaches the other nodes: Hazelcast knows who is there and who listens to what, the
 * messages themselves go straight from node to node.
 *
 * <p>Nothing here may hold a job up, so every wait is short: who is cut off reads Redis meanwhile.
 */
public final class Cluster {
    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
    /** Hazelcast is made for data that must not be lost. Here it keeps addresses, and has to give up quickly. */
    private static final Map<String, String> PROPERTIES = Map.ofEntries(
            Map.entry("hazelcast.phone.home.enabled", "false"),
            Map.entry("hazelcast.shutdownhook.enabled", "false"),
            Map.entry("hazelcast.socket.bind.any", "false"),
            // A node that was killed is noticed by its connection; one that is cut off, by its silence.
            Map.entry("hazelcast.heartbeat.interval.seconds", "1"),
            Map.entry("hazelcast.max.no.heartbeat.seconds", "5"),
            Map.entry("hazelcast.operation.call.timeout.millis", "2000"),
            // After a split: both sides look for each other again, and the smaller one joins the larger one.
            Map.entry("hazelcast.merge.first.run.delay.seconds", "2"),
            Map.entry("hazelcast.merge.next.run.delay.seconds", "2"),
            Map.entry("hazelcast.wait.seconds.before.join", "0"),
            Map.entry("hazelcast.max.join.seconds", "20"),
            Map.entry("hazelcast.max.join.merge.target.seconds", "5"),
            Map.entry("hazelcast.graceful.shutdown.max.wait", "3"),
            // There is little in it: a few threads and a few parts are enough.
            Map.entry("hazelcast.partition.count", "31"),
            Map.entry("hazelcast.operation.thread.count", "2"),
            Map.entry("hazelcast.operation.generic.thread.count", "2"),
            Map.entry("hazelcast.event.thread.count", "1"),
            Map.entry("hazelcast.io.thread.count", "1"));

    private static final int PING_MS = 1_000;
    private static final int PONG_MS = 2_000;
    private static final int CONNECT_MS = 2_000;

    private Cluster() {}

    /**
     * Joins the other nodes, or waits for them alone when there are none yet.
     *
     * @return fails with a sentence that says what is wrong
     */
    public static Future<Vertx> join(VertxOptions options, ClusterSettings settings) {
        // Read before there is a configuration.
        System.setProperty("hazelcast.logging.type", "slf4j");
        String host;
        try {
            host = address(settings.host());
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
        return Vertx.builder()
                .with(options.setEventBusOptions(bus(settings, host)))
                .withClusterManager(new HazelcastClusterManager(hazelcast(settings, host)))
                .buildClustered()
                .recover(e -> Future.failedFuture(new IOException(
                        "The node cannot join its cluster at " + host + " (ports " + settings.port() + " and "
                                + settings.busPort() + "): " + e.getMessage(),
                        e)));
    }

    private static EventBusOptions bus(ClusterSettings settings, String host) {
        EventBusOptions bus = new EventBusOptions()
                .setHost(host)
                .setPort(settings.busPort())
                .setConnectTimeout(CONNECT_MS)
                // What waits for a node that does not answer is kept in memory until then.
                .setClusterPingInterval(PING_MS)
                .setClusterPingReplyInterval(PONG_MS);
        if (settings.tls().isOn()) {
            bus.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .setCertPath(settings.tls().certificate())
                            .setKeyPath(settings.tls().key()))
                    .setTrustOptions(
                            new PemTrustOptions().addCertPath(settings.tls().ca()))
                    .setClientAuth(ClientAuth.REQUIRED);
        }
        return bus;
    }

    private static Config hazelcast(ClusterSettings settings, String host) {
        Config config = ConfigUtil.loadConfig(); // Vert.x' own, which has what its maps need
        config.setClusterName(settings.name());
        PROPERTIES.forEach(config::setProperty);
        NetworkConfig network = config.getNetworkConfig();
        network.setPort(settings.port()).setPortAutoIncrement(false).setPublicAddress(host);
        network.getInterfaces().setEnabled(true).addInterface(host);
        JoinConfig join = network.getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        if (settings.dnsName().isEmpty()) {
            join.getTcpIpConfig()
                    .setEnabled(true)
                    .setConnectionTimeoutSeconds(CONNECT_MS / 1_000)
                    .setMembers(settings.members().stream()
                            .map(m -> m.matches(".*:[0-9]+") ? m : m + ":" + settings.port())
                            .toList());
        } else {
            // Hazelcast's name for it: it asks DNS and nothing of Kubernetes.
            join.getKubernetesConfig()
                    .setEnabled(true)
                    .setProperty("service-dns", settings.dnsName())
                    .setProperty("service-port", String.valueOf(settings.port()));
        }
        config.addListenerConfig(new ListenerConfig(new Members()));
        return config;
    }

    /** Tells who comes and goes. */
    private static final class Members implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            tell("has joined", event);
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            tell("has left", event);
        }

        private static void tell(String what, MembershipEvent event) {
            Address address = event.getMember().getAddress();
            int count = event.getMembers().size();
            LOG.info(
                    "cluster: {}:{} {}; {} with this one",
                    address.getHost(),
                    address.getPort(),
                    what,
                    count == 1 ? "1 node" : count + " nodes");
        }
    }

    private static String address(String host) throws IOException {
        InetAddress address = InetAddress.getByName(host);
        return address.isAnyLocalAddress()
                ? NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
                        .map(InetAddress::getHostAddress)
                        .findFirst()
                        .orElseThrow(() -> new IOException("cluster.host: this machine has no address but loopback"))
                : address.getHostAddress();
    }
}
