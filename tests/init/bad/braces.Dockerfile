FROM debian
USER ${X
WORKDIR ${}
