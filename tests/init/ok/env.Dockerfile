FROM busybox
ENV a=/one
ENV a=/two b=$a
ARG a=/three
ENV c ${a}/x $b
WORKDIR $b/w
VOLUME $a
COPY x ${c}/
ENTRYPOINT ["/bin/true"]
