FROM debian extra
FROM debian as
FROM a as b c
