/*
 * SIP load over UDP, open loop: so many OPTIONS a second to a port of 127.0.0.1, whether or not they are answered.
 *   load PORT RATE SECONDS [USER [RARE_USER EVERY [TIMEOUT_MS [METHOD]]]]
 * From has the user name, which the measured script puts into its URL; every EVERYth call has RARE_USER instead,
 * and is counted apart. Nothing is sent again: a call without an answer in TIMEOUT_MS (default 1,000) is lost.
 * METHOD may be INVITE; a reply of 300 and more then gets its ACK. Prints one line of JSON. SIPp does the same for 30 us
 * of CPU a call and more; this takes a quarter of that.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, TICK_NS = 500000, BYTES = 1024 };

/* Of each call: when it was sent, then how long it took; 0 while it waits. */
typedef struct {
  int64_t sent;
  int64_t took;
} call;

typedef struct {
  long sent, answered, failed;
  int64_t *took;
} kind;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void print(const char *name, kind *k) {
  qsort(k->took, k->answered, sizeof *k->took, ascending);
  double p50 = 0, p99 = 0, most = 0;
  if (k->answered > 0) {
    p50 = k->took[k->answered / 2] / 1e6;
    p99 = k->took[(long)(k->answered * 0.99)] / 1e6;
    most = k->took[k->answered - 1] / 1e6;
  }
  printf("\"%s\":{\"sent\":%ld,\"answered\":%ld,\"failed\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"most\":%.3f}", name,
         k->sent, k->answered, k->failed, p50, p99, most);
}

/* The ACK to a reply that refuses an INVITE: its own headers, and To as the reply has it. */
static void acknowledge(int fd, int port, const char *reply) {
  static const char *names[] = {"\r\nVia: ", "\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: "};
  char text[BYTES];
  int size = snprintf(text, BYTES, "ACK sip:bob@127.0.0.1:%d SIP/2.0", port);
  for (int i = 0; i < 4; i++) {
    const char *begin = strstr(reply, names[i]);
    const char *end = begin ? strstr(begin + 2, "\r\n") : NULL;
    if (end == NULL) return;
    size += snprintf(text + size, BYTES - size, "%.*s", (int)(end - begin), begin);
    if (size >= BYTES) return;
  }
  size += snprintf(text + size, BYTES - size, "\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
  if (size < BYTES) send(fd, text, size, 0);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const int port = atoi(argv[1]);
  const double rate = atof(argv[2]);
  const long total = (long)(rate * atof(argv[3]));
  const char *user = argc > 4 ? argv[4] : "alice";
  const char *rare = argc > 6 ? argv[5] : user;
  const long every = argc > 6 ? atol(argv[6]) : 0;
  const int64_t timeout = (argc > 7 ? atol(argv[7]) : 1000) * 1000000LL;
  const char *method = argc > 8 ? argv[8] : "OPTIONS";
  const int invites = strcmp(method, "INVITE") == 0;

  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const int buffer = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in server = own;
  server.sin_port = htons(port);
  socklen_t length = sizeof own;
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0 || getsockname(fd, (struct sockaddr *)&own, &length) < 0 ||
      connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
    perror("socket");
    return 1;
  }
  const int local = ntohs(own.sin_port);

  call *calls = calloc(total, sizeof *calls);
  kind kinds[2] = {{.took = calloc(total, sizeof(int64_t))}, {.took = calloc(total, sizeof(int64_t))}};
  static char text[BATCH][BYTES];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  const int64_t began = now();
  long sent = 0, open = 0;
  int64_t last = 0;

  while (sent < total || (open > 0 && now() - last < timeout)) {
    int64_t time = now();
    long due = (long)((time - began) * rate / 1e9) + 1;
    if (due > total) due = total;
    int count = due - sent > BATCH ? BATCH : (int)(due - sent);
    for (int i = 0; i < count; i++) {
      const long n = sent + i;
      const char *from = every > 0 && n % every == every - 1 ? rare : user;
      const int size = snprintf(text[i], BYTES,
                                "%s sip:bob@127.0.0.1:%d SIP/2.0\r\n"
                                "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK-%d-%lx-%ld;rport\r\n"
                                "Max-Forwards: 70\r\n"
                                "From: Alice <sip:%s@127.0.0.1:%d>;tag=%d-%ld\r\n"
                                "To: Bob <sip:bob@127.0.0.1:%d>\r\n"
                                "Call-ID: %ld-%d-%lx@127.0.0.1\r\n"
                                "CSeq: 1 %s\r\n"
                                "Contact: <sip:alice@127.0.0.1:%d>\r\n"
                                "User-Agent: load\r\n"
                                "Content-Length: 0\r\n\r\n",
                                method, port, local, local, (long)began, n, from, local, local, n, port, n, local,
                                (long)began, method, local);
      parts[i] = (struct iovec){.iov_base = text[i], .iov_len = size};
      memset(&messages[i], 0, sizeof messages[i]);
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (count > 0) {
      const int done = sendmmsg(fd, messages, count, 0);
      time = now();
      for (int i = 0; i < done; i++) {
        calls[sent].sent = time;
        kinds[every > 0 && sent % every == every - 1].sent++;
        sent++;
        open++;
      }
      last = time;
      if (done < 0 && errno != EAGAIN && errno != ECONNREFUSED) {
        perror("sendmmsg");
        return 1;
      }
    }
    for (;;) {
      for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = text[i], .iov_len = BYTES - 1};
        memset(&messages[i], 0, sizeof messages[i]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
      }
      const int got = recvmmsg(fd, messages, BATCH, 0, NULL);
      if (got <= 0) break;
      time = now();
      for (int i = 0; i < got; i++) {
        text[i][messages[i].msg_len] = 0;
        const int status = atoi(text[i] + 8);
        const char *id = strstr(text[i], "Call-ID: ");
        if (status < 200 || id == NULL) continue;
        if (invites && status >= 300) acknowledge(fd, port, text[i]);
        const long n = atol(id + 9);
        if (n < 0 || n >= sent || calls[n].took != 0) continue;
        kind *k = &kinds[every > 0 && n % every == every - 1];
        calls[n].took = time - calls[n].sent;
        if (status == 200) k->took[k->answered++] = calls[n].took;
        else k->failed++;
        open--;
      }
      if (got < BATCH) break;
    }
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    /* do not wake for each answer: it is read at the next tick, at most half a millisecond later */
    const struct timespec tick = {.tv_nsec = TICK_NS};
    if (sent < total) nanosleep(&tick, NULL);
    else poll(&waiting, 1, 10);
  }
  printf("{\"seconds\":%.3f,", (last - began) / 1e9);
  print("usual", &kinds[0]);
  printf(",");
  print("rare", &kinds[1]);
  printf("}\n");
  return 0;
}
