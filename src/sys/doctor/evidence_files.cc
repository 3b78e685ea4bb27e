#include "sys/doctor/evidence_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include "core/doctor/evidence.h"
#include "sys/container/fd.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kMaxNames = 4096;

/// /proc/net is the namespace of the process's first thread; a test's, or a watcher's, is another.
std::string pathOf(std::string_view name) {
  constexpr std::string_view kNet = "proc/net/";
  if (name.starts_with(kNet)) {
    return fmt::format("/proc/thread-self/net/{}", name.substr(kNet.size()));
  }
  return fmt::format("/{}", name);
}

void readOne(const std::string& name, std::size_t maxFile, Texts& files, Texts& unread) {
  // A pipe or a device that stands where a file should be must not hold anybody up.
  const Fd file(::open(pathOf(name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      unread.insert_or_assign(name, std::strerror(errno));
    }
    return;
  }
  std::string text;
  char buffer[65536];
  ssize_t got = 0;
  while (text.size() < maxFile && (got = ::read(file.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  if (got < 0) {
    unread.insert_or_assign(name, std::strerror(errno));
    return;
  }
  if (text.size() >= maxFile) {
    text.resize(maxFile);
    unread.insert_or_assign(name, fmt::format("only the first {} bytes were read", maxFile));
  }
  files.insert_or_assign(name, std::move(text));
}

/// Goes down the pattern one path component at a time.
void expand(const std::string& done, std::string_view rest, std::size_t& budget,
            const std::function<void(const std::string&)>& found) {
  const std::size_t slash = rest.find('/');
  const std::string_view component = rest.substr(0, slash);
  const auto goOn = [&](const std::string& name) {
    const std::string path = done.empty() ? name : done + "/" + name;
    if (slash == std::string_view::npos) {
      found(path);
    } else {
      expand(path, rest.substr(slash + 1), budget, found);
    }
  };
  if (component.find('*') == std::string_view::npos) {
    goOn(std::string(component));
    return;
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(pathOf(done), error), end;
       !error && entry != end && budget > 0; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (doctor::matches(component, name)) {
      --budget;
      goOn(name);
    }
  }
}

}  // namespace

void readFiles(std::string_view pattern, std::size_t maxFile, Texts& files, Texts& unread) {
  std::size_t budget = kMaxNames;
  expand("", pattern, budget,
         [&](const std::string& name) { readOne(name, maxFile, files, unread); });
  if (budget == 0) {
    unread.insert_or_assign(std::string(pattern),
                            fmt::format("only {} files were looked at", kMaxNames));
  }
}

}  // namespace hitless::sys
