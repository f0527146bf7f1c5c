/*
 * libcurl's multi interface as a client of the benchmark: curl_multi_socket_action() over epoll, the way that
 * costs libcurl least with many transfers. Easy handles are used again, connections are kept.
 *
 *   libcurl-multi URL METHOD BODY_BYTES IN_FLIGHT WARMUP REQUESTS HTTP_VERSION CA_FILE
 *
 * Prints one line of JSON, as the other clients do.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  CURL *easy;
  double started;
  size_t received;
} transfer_t;

static CURLM *multi;
static int epoll;
static long timeout_ms = -1;
static double timeout_at;
static long warmup, requests, begun, over, in_flight;
static double *latencies;
static double start_wall, start_cpu;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static size_t on_data(char *data, size_t size, size_t count, void *user) {
  (void)data;
  ((transfer_t *)user)->received += size * count;
  return size * count;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known) {
  (void)easy;
  (void)user;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    curl_multi_assign(multi, fd, NULL);
    return 0;
  }
  struct epoll_event event = {0};
  event.data.fd = fd;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (known == NULL) {
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(multi, fd, (void *)1);
  } else {
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
  }
  return 0;
}

static int on_timer(CURLM *m, long ms, void *user) {
  (void)m;
  (void)user;
  timeout_ms = ms;
  timeout_at = now_ms() + ms;
  return 0;
}

static void begin(transfer_t *transfer) {
  if (begun == warmup) {
    start_wall = now_ms();
    start_cpu = cpu_us();
  }
  begun++;
  transfer->received = 0;
  transfer->started = now_ms();
  curl_multi_add_handle(multi, transfer->easy);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "usage: libcurl-multi URL METHOD BODY_BYTES IN_FLIGHT WARMUP REQUESTS 1.1|2 CA_FILE\n");
    return 2;
  }
  long body_bytes = atol(argv[3]);
  in_flight = atol(argv[4]);
  warmup = atol(argv[5]);
  requests = atol(argv[6]);
  int http2 = strcmp(argv[7], "2") == 0;
  char *body = malloc(body_bytes + 1);
  memset(body, 'b', body_bytes);
  latencies = malloc(sizeof(double) * requests);

  curl_global_init(CURL_GLOBAL_ALL);
  multi = curl_multi_init();
  epoll = epoll_create1(0);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight + 16);
  if (http2) curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, in_flight);

  struct curl_slist *fields = NULL;
  if (body_bytes > 0) fields = curl_slist_append(fields, "Expect:");
  for (long i = 0; i < in_flight; i++) {
    transfer_t *transfer = calloc(1, sizeof *transfer);
    transfer->easy = curl_easy_init();
    curl_easy_setopt(transfer->easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
                     (long)(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    if (http2) curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, 1L);
    if (argv[8][0] != '\0') curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, argv[8]);
    if (strcmp(argv[2], "POST") == 0) {
      curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L);
      curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, body);
      curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, body_bytes);
      curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, fields);
    }
    begin(transfer);
  }

  struct epoll_event events[256];
  int running = 1;
  while (over < warmup + requests) {
    int wait = 1000;
    if (timeout_ms >= 0) {
      double left = timeout_at - now_ms();
      wait = left <= 0 ? 0 : left > 1000 ? 1000 : (int)left + 1;
    }
    int n = epoll_wait(epoll, events, 256, wait);
    if (n < 0 && errno != EINTR) return 1;
    for (int i = 0; i < n; i++) {
      int flags = 0;
      if (events[i].events & EPOLLIN) flags |= CURL_CSELECT_IN;
      if (events[i].events & EPOLLOUT) flags |= CURL_CSELECT_OUT;
      if (events[i].events & (EPOLLERR | EPOLLHUP)) flags |= CURL_CSELECT_ERR;
      curl_multi_socket_action(multi, events[i].data.fd, flags, &running);
    }
    if (timeout_ms >= 0 && timeout_at <= now_ms()) {
      timeout_ms = -1;
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
      if (message->msg != CURLMSG_DONE) continue;
      transfer_t *transfer;
      long status = 0;
      CURLcode result = message->data.result;
      CURL *easy = message->easy_handle;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (result != CURLE_OK || status != 200) {
        fprintf(stderr, "%s, status %ld\n", curl_easy_strerror(result), status);
        return 1;
      }
      if (over >= warmup && over - warmup < requests) latencies[over - warmup] = now_ms() - transfer->started;
      over++;
      curl_multi_remove_handle(multi, easy);
      if (begun < warmup + requests) begin(transfer);
    }
  }
  double wall = now_ms() - start_wall, cpu = cpu_us() - start_cpu;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  qsort(latencies, requests, sizeof(double), compare);
  printf("{\"requests\":%ld,\"wallMs\":%f,\"cpuUs\":%f,\"p50\":%f,\"p99\":%f,\"maxRss\":%ld,"
         "\"version\":\"%s\"}\n",
         requests, wall, cpu, latencies[requests / 2], latencies[(long)(requests * 0.99)],
         usage.ru_maxrss, curl_version_info(CURLVERSION_NOW)->version);
  return 0;
}
