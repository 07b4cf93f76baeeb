#!/bin/sh
# The shell is process 1 and has to end itself when ECS says so.
trap 'kill $server; exit 0' TERM
httpd -f -p 3000 -h /www &
server=$!
wait $server
