/*
 * The limit of relaying without Node: datagrams between a caller and a called party of 127.0.0.1, one recvfrom() and one
 * sendto() each, and a 100 for each INVITE. Nothing is read but the first byte.
 *   relay-loop PORT CALLEE
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const int buffer = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in callee = own, caller = own;
  own.sin_port = htons(atoi(argv[1]));
  callee.sin_port = htons(atoi(argv[2]));
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0) {
    perror("socket");
    return 1;
  }
  puts("listening");
  fflush(stdout);
  static char data[65536], reply[65536];
  static const char trying[] = "SIP/2.0 100 Trying";
  for (;;) {
    struct sockaddr_in source;
    socklen_t length = sizeof source;
    const ssize_t size = recvfrom(fd, data, sizeof data - 1, 0, (struct sockaddr *)&source, &length);
    if (size <= 0) continue;
    if (source.sin_port == callee.sin_port) {
      sendto(fd, data, size, 0, (struct sockaddr *)&caller, sizeof caller);
      continue;
    }
    caller = source;
    data[size] = 0;
    const char *rest = data[0] == 'I' ? strstr(data, "\r\n") : NULL;
    if (rest != NULL) {
      const size_t head = sizeof trying - 1, tail = data + size - rest;
      memcpy(reply, trying, head);
      memcpy(reply + head, rest, tail);
      sendto(fd, reply, head + tail, 0, (struct sockaddr *)&caller, sizeof caller);
    }
    sendto(fd, data, size, 0, (struct sockaddr *)&callee, sizeof callee);
  }
}
