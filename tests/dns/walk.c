/* What the C library that this is linked with makes of a name: its addresses, or why there are none. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    const int error = getaddrinfo(names[i], NULL, &hints, &found);
    printf("%s", names[i]);
    if (error != 0) {
      printf(" %s", gai_strerror(error));
    }
    for (; found != NULL; found = found->ai_next) {
      char text[INET6_ADDRSTRLEN];
      const void* address = found->ai_family == AF_INET ? (void*)&((struct sockaddr_in*)found->ai_addr)->sin_addr
                                                        : (void*)&((struct sockaddr_in6*)found->ai_addr)->sin6_addr;
      printf(" %s", inet_ntop(found->ai_family, address, text, sizeof text));
    }
    puts("");
  }
  return 0;
}
