package dev.onpyrunner.webhook;

import dev.onpyrunner.job.TraceContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Posts one message, signed as the specification "Standard Webhooks" says. Redirects are not followed, and the host's address is
 * looked at before it is connected to.
 */
final class Post {
    private static final String HMAC = "HmacSHA256";
    private static final int CONNECT_MS = 5_000;

    private final Vertx vertx;
    private final WebhookSettings settings;
    private final HttpClient client;

    Post(Vertx vertx, WebhookSettings settings) {
        this.vertx = vertx;
        this.settings = settings;
        HttpClientOptions options = new HttpClientOptions()
                .setConnectTimeout(CONNECT_MS)
                .setKeepAlive(false) // so that an answer need not be read to its end
                .setSsl(settings.isTls());
        client = vertx.createHttpClient(
                options, new PoolOptions().setHttp1MaxSize(settings.atOnce()).setHttp2MaxSize(1));
    }

    /** Fails, with what to tell an operator, unless the other side says 2xx. */
    Future<Void> send(String id, Buffer body, Optional<TraceContext> trace) {
        return vertx.executeBlocking(this::address, false)
                .compose(address -> client.request(new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setServer(SocketAddress.inetSocketAddress(settings.port(), address.getHostAddress()))
                        .setHost(settings.uri().getHost())
                        .setPort(settings.port())
                        .setURI(path())))
                .compose(request -> answer(request, id, body, trace).onComplete(r -> request.reset()))
                .timeout(settings.timeoutMs(), TimeUnit.MILLISECONDS)
                .compose(status -> status / 100 == 2
                        ? Future.succeededFuture()
                        : Future.failedFuture(new IOException("it answered " + status)));
    }

    private Future<Integer> answer(HttpClientRequest request, String id, Buffer body, Optional<TraceContext> trace) {
        trace.ifPresent(t -> request.putHeader(TraceContext.HEADER, t.parent()));
        String seconds = String.valueOf(Instant.now().getEpochSecond());
        return request.putHeader("Content-Type", "application/json")
                .putHeader("User-Agent", "OnPyRunner")
                .putHeader("webhook-id", id)
                .putHeader("webhook-timestamp", seconds)
                .putHeader("webhook-signature", "v1," + sign(id + "." + seconds + ".", body))
                .idleTimeout(settings.timeoutMs())
                .send(body)
                .map(HttpClientResponse::statusCode);
    }

    private String path() {
        String path = settings.uri().getRawPath();
        String query = settings.uri().getRawQuery();
        return (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
    }

    /** Blocks. */
    private InetAddress address() throws IOException {
        InetAddress[] all = InetAddress.getAllByName(settings.uri().getHost());
        for (InetAddress address : all) {
            if (!settings.allowPrivate() && !PublicAddress.isPublic(address)) {
                throw new IOException(settings.uri().getHost() + " is " + address.getHostAddress()
                        + ", which is not public; webhook.allow_private allows that");
            }
        }
        return all[0];
    }

    private String sign(String head, Buffer body) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(settings.key(), HMAC));
            mac.update(head.getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(mac.doFinal(body.getBytes()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    Future<Void> close() {
        return client.close();
    }
}
