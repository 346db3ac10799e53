FROM debian
# No program of the library, though both words are names of one.
ENTRYPOINT ["nginx nginx-light"]
CMD [" nginx"]
