#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/error.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// A path as the system calls for unix sockets take it: these have room for 107 characters, so that
/// a longer one is named by way of its directory.
class UnixAddress {
 public:
  static Result<UnixAddress> of(const std::string& path);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un_); }
  socklen_t size() const { return sizeof un_; }
  const sockaddr_un& un() const { return un_; }

 private:
  Fd directory_;
  sockaddr_un un_{};
};

}  // namespace hitless::sys
