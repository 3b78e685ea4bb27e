#include "sys/load/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <memory>

namespace hitless::sys {
namespace {

std::string addressText(const addrinfo& entry) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      entry.ai_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(entry.ai_addr)->sin_addr)
          : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(entry.ai_addr)->sin6_addr);
  inet_ntop(entry.ai_family, bytes, text.data(), text.size());
  return text.data();
}

Result<IpAddress> askSystem(const std::string& host, int family) {
  addrinfo wanted{};
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &list); error != 0) {
    return fail(ErrorKind::kNotFound,
                "cannot resolve \"" + host + "\": " + std::string(gai_strerror(error)),
                "give its address with --resolve " + host + "=ADDRESS");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  const auto address = IpAddress::parse(addressText(*list));
  if (!address) {
    return fail(ErrorKind::kInternal, "the resolver gave no usable address for \"" + host + "\"");
  }
  return *address;
}

}  // namespace

Result<IpAddress> resolveHost(const std::string& host,
                              const std::map<std::string, IpAddress>& names) {
  if (const auto address = IpAddress::parse(host)) {
    return *address;
  }
  if (const auto named = names.find(host); named != names.end()) {
    return named->second;
  }
  auto four = askSystem(host, AF_INET);
  return four ? four : askSystem(host, AF_UNSPEC);
}

}  // namespace hitless::sys
