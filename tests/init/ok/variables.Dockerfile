FROM busybox
ARG PORT
EXPOSE $PORT/udp 53/udp
ENV T=/srv/t \
    U="two words"
USER ${U:+ada}
WORKDIR /a/../b/./c
ADD --chown=1 https://example.org/x.tar.gz ${T}/
ENTRYPOINT ["../run"]
