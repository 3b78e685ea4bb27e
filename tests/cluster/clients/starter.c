/* A pod's program that uses its network from its first instruction on, and says what that came to.
 *
 * Arguments: ADDRESS PORT. It sends UDP datagrams to ADDRESS:PORT and connects to it by TCP again and again for 300 ms, and listens
 * itself, on PORT by both. It prints "sent N", and a line for everything that arrived or was accepted; its status is 0 only if
 * nothing was.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int bound(int type, const struct sockaddr_in *at) {
  const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof *at) != 0 || (type == SOCK_STREAM && listen(fd, 64) != 0)) {
    perror("cannot listen");
    exit(2);
  }
  return fd;
}

/* 1 if the connection of before came about. */
static int connected(int fd) {
  struct pollfd poll_fd = {fd, POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  return poll(&poll_fd, 1, 1) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

int main(int count, char **arguments) {
  if (count != 3) {
    return 2;
  }
  struct sockaddr_in sink = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[2]))};
  struct sockaddr_in any = sink;
  if (inet_pton(AF_INET, arguments[1], &sink.sin_addr) != 1) {
    return 2;
  }
  const int out = socket(AF_INET, SOCK_DGRAM, 0);
  long sent = sendto(out, "from the start", 14, 0, (struct sockaddr *)&sink, sizeof sink) == 14;
  const int udp = bound(SOCK_DGRAM, &any);
  const int tcp = bound(SOCK_STREAM, &any);
  long arrived = 0, accepted = 0, reached = 0;
  char buffer[64];
  for (const long end = now() + 300; now() < end;) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fd, (struct sockaddr *)&sink, sizeof sink);
    sent += sendto(out, "and again", 9, 0, (struct sockaddr *)&sink, sizeof sink) == 9;
    reached += connected(fd);
    close(fd);
    while (recv(udp, buffer, sizeof buffer, 0) > 0) {
      ++arrived;
    }
    for (int peer; (peer = accept(tcp, NULL, NULL)) >= 0; ++accepted) {
      close(peer);
    }
    usleep(500);
  }
  printf("sent %ld\n", sent);
  if (arrived > 0 || accepted > 0 || reached > 0) {
    printf("%ld datagrams arrived, %ld connections accepted, %ld made\n", arrived, accepted, reached);
    return 1;
  }
  return 0;
}
