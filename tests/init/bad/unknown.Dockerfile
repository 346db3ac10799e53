FORM debian
RUN x
