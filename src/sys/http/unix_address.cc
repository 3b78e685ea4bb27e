#include "sys/http/unix_address.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>

namespace hitless::sys {

Result<UnixAddress> UnixAddress::of(const std::string& path) {
  UnixAddress address;
  address.un_.sun_family = AF_UNIX;
  std::string name = path;
  if (path.empty() || path.find('\0') != std::string::npos) {
    return invalid("a unix socket needs a path");
  }
  if (name.size() >= sizeof address.un_.sun_path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    address.directory_ = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.directory_.valid()) {
      return osFail("cannot open " + directory);
    }
    name = fmt::format("/proc/self/fd/{}/{}", address.directory_.get(), path.substr(slash + 1));
  }
  if (name.size() >= sizeof address.un_.sun_path) {
    return invalid(fmt::format("the name of the unix socket {} is too long", path));
  }
  std::memcpy(address.un_.sun_path, name.data(), name.size());
  return address;
}

}  // namespace hitless::sys
