#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files/files.h"
#include "sys/http/server.h"
#include "sys/http/unix_address.h"

namespace hitless::sys {
namespace {

Result<Fd> unixSocket() {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd.valid() ? Result<Fd>(std::move(fd)) : Result<Fd>(osFail("open a unix socket"));
}

/// Nothing is at the path when this returns without an error.
Status clear(const std::string& path, const UnixAddress& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status() : osFail("look at " + path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return fail(ErrorKind::kConflict, fmt::format("{} is no socket", path),
                "name another path, or remove it");
  }
  const Fd probe = TRY(unixSocket());
  // EAGAIN: it is alive and has more to do than it can.
  if (::connect(probe.get(), address.get(), address.size()) == 0 || errno == EAGAIN) {
    return fail(ErrorKind::kConflict, fmt::format("another process listens on {}", path),
                "end it, or name another path");
  }
  if (errno != ECONNREFUSED) {
    return osFail("ask who listens on " + path);
  }
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Status() : osFail("remove " + path);
}

}  // namespace

Result<int> listenUnix(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  TRY_VOID(makeDirectories(directory, 0755));
  const UnixAddress address = TRY(UnixAddress::of(path));
  // One at a time, so that nobody removes what another has just put there.
  const Fd turn(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!turn.valid() || ::flock(turn.get(), LOCK_EX) != 0) {
    return osFail("lock " + directory);
  }
  TRY_VOID(clear(path, address));
  Fd fd = TRY(unixSocket());
  // The file gets the socket's mode (net/unix/af_unix.c, unix_bind_bsd).
  if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), address.get(), address.size()) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return osFail("listen on " + path);
  }
  return fd.release();
}

}  // namespace hitless::sys
