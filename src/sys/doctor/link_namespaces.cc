#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <charconv>
#include <map>
#include <memory>

#include "base/text.h"
#include "core/doctor/links_codec.h"
#include "sys/container/fd.h"
#include "sys/doctor/links.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {
namespace {

using doctor::NetworkNamespace;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// Seen so far, by inode, each with one process that is in it.
struct Seen {
  std::map<std::uint64_t, NetworkNamespace> byInode;
  std::map<std::uint64_t, std::uint32_t> processOf;
};

/// "net:[4026531840]" of /proc/PID/ns/net; 0 if the link may not be read or the process is gone.
std::uint64_t namespaceOf(int proc, const char* pid) {
  char target[64];
  const ssize_t size =
      ::readlinkat(proc, fmt::format("{}/ns/net", pid).c_str(), target, sizeof target);
  std::uint64_t inode = 0;
  const std::string_view text(target, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (text.starts_with("net:[")) {
    std::from_chars(text.data() + 5, text.data() + text.size(), inode);
  }
  return inode;
}

/// True if every process could be asked.
bool lookAtProcesses(std::size_t limit, Seen& seen) {
  const Folder folder(::opendir("/proc"));
  if (folder == nullptr) {
    return false;
  }
  bool whole = true;
  std::size_t looked = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto pid = parseUint(entry->d_name);
    if (!pid || *pid > UINT32_MAX) {
      continue;
    }
    if (++looked > limit) {
      return false;
    }
    const std::uint64_t inode = namespaceOf(::dirfd(folder.get()), entry->d_name);
    if (inode == 0) {
      // A process that is gone has no say; ENOENT is also what a zombie gives.
      whole = whole && (errno == ENOENT || errno == ESRCH);
      continue;
    }
    NetworkNamespace& one = seen.byInode[inode];
    one.inode = inode;
    ++one.processes;
    seen.processOf[inode] = static_cast<std::uint32_t>(*pid);
  }
  return whole;
}

std::optional<std::int32_t> ask(NetlinkSocket& socket, const netlink::Bytes& question) {
  std::optional<std::int32_t> id;
  // What has ended meanwhile, or may not be asked about, has no number.
  (void)socket.request(question, "ask for the number of a namespace",
                       [&](const netlink::Message& answer) {
                         id = doctor::namespaceIdFrom(answer);
                         return Status{};
                       });
  return id;
}

void lookAtNames(NetlinkSocket& socket, const std::string& path, Seen& seen) {
  const Folder folder(::opendir(path.c_str()));
  while (const dirent* entry = folder == nullptr ? nullptr : ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    const Fd file(::open((path + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    struct statfs system {};
    // A file that no namespace is mounted over is a leftover without any effect.
    if (!file.valid() || ::fstat(file.get(), &info) != 0 || ::fstatfs(file.get(), &system) != 0 ||
        system.f_type != NSFS_MAGIC) {
      continue;
    }
    NetworkNamespace& one = seen.byInode[info.st_ino];
    one.inode = info.st_ino;
    one.name = name;
    one.id = ask(socket, doctor::getNamespaceIdOfFile(static_cast<std::uint32_t>(file.get()),
                                                      socket.nextSequence()));
  }
}

}  // namespace

Status readNamespaces(const NetworkLimits& limits, doctor::Network& into) {
  struct stat own {};
  into.own = ::stat("/proc/thread-self/ns/net", &own) == 0 ? own.st_ino : 0;
  Seen seen;
  into.namespacesWhole = lookAtProcesses(limits.processes, seen);
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_ROUTE));
  for (auto& [inode, one] : seen.byInode) {
    one.id = ask(socket, doctor::getNamespaceId(seen.processOf[inode], socket.nextSequence()));
  }
  lookAtNames(socket, "/run/netns", seen);
  for (auto& [inode, one] : seen.byInode) {
    into.namespaces.push_back(std::move(one));
  }
  return {};
}

}  // namespace hitless::sys
