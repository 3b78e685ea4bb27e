#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "base/error.h"
#include "sys/container/fd.h"

namespace hitless::sys {

struct ChildExit {
  int code = 0;  ///< 128 + signal where a signal ended it, as shells and kubelets count.
  int signal = 0;
};

/// A child process held by its pidfd and watched without polling.
class Child : public std::enable_shared_from_this<Child> {
 public:
  /// clone3() without shared memory, as fork() but with a pidfd and new namespaces as in `flags`.
  /// In the child it returns nullptr: call only system calls there.
  static Result<std::shared_ptr<Child>> clone(boost::asio::io_context& io, std::uint64_t flags);

  Child(boost::asio::io_context& io, pid_t pid, int pidfd);

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  /// Calls `exited` once, when the process has been reaped; never from inside the call. The child
  /// stays in being until then.
  void onExit(std::function<void(ChildExit)> exited);
  /// A process that is gone already is no error.
  Status signal(int number) const;

 private:
  void await();
  void reap();

  pid_t pid_;
  Fd pidfd_;
  boost::asio::posix::stream_descriptor watched_;
  std::function<void(ChildExit)> exited_;
};

}  // namespace hitless::sys
