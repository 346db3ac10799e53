FROM debian
RUN a && \
    # comment

    b
EXPOSE \
  80 \
  x
