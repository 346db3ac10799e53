FROM debian
RUN <<EOF
echo
