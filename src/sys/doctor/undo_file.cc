#include "sys/doctor/undo_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "core/kube/json.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

namespace json = boost::json;
using doctor::UndoEntry;

constexpr std::string_view kFormat = "hitlessDoctorUndo";

std::string hostName() {
  utsname system{};
  return ::uname(&system) == 0 ? system.nodename : "";
}

Status writeLine(int fd, const json::object& object, const std::string& path) {
  const std::string text = json::serialize(object) + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) {
      return osFail("write " + path);
    }
    done += wrote < 0 ? 0 : static_cast<std::size_t>(wrote);
  }
  return ::fsync(fd) == 0 ? Status() : Status(osFail("write " + path));
}

Result<json::object> objectOf(std::string_view line, const std::string& path, std::size_t number) {
  auto value = kube::parseJson(line);
  if (!value || !value->is_object()) {
    return tl::unexpected(Error{ErrorKind::kInvalid, "is no line of an undo file",
                                fmt::format("{}:{}", path, number), "", 0});
  }
  return std::move(value->get_object());
}

Status expectHead(std::string_view line, const std::string& path) {
  const json::object head = TRY(objectOf(line, path, 1));
  if (kube::integer(head, {kFormat}) != 1) {
    return invalid(path + " is no undo file of this version of hitless doctor");
  }
  if (const std::string host(kube::text(head, {"host"})); host != hostName()) {
    return invalid(fmt::format("{} is of host {}, this is {}", path, host, hostName()));
  }
  return {};
}

}  // namespace

Status UndoFile::open() {
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_.valid()) {
    return osFail("create the undo file " + path_);
  }
  const Status head = writeLine(file_.get(), {{kFormat, 1}, {"host", hostName()}}, path_);
  if (!head) {  // A full disk: leave nothing behind that looks like an undo file.
    ::unlink(path_.c_str());
    file_ = Fd();
  }
  return head;
}

Status UndoFile::record(const UndoEntry& entry) {
  if (!file_.valid()) {
    TRY_VOID(open());
  }
  TRY_VOID(writeLine(file_.get(), {{"repairer", entry.repairer}, {"before", entry.before}}, path_));
  ++entries_;
  return {};
}

Result<std::vector<UndoEntry>> readUndoFile(const std::string& path) {
  const std::string text = TRY(readFile(path));
  const std::vector<std::string_view> lines = split(text, '\n');
  TRY_VOID(expectHead(lines.front(), path));
  std::vector<UndoEntry> entries;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {  // The last has no line end: empty, or cut.
    const json::object object = TRY(objectOf(lines[i], path, i + 1));
    const json::object* before = kube::findObject(object, {"before"});
    if (before == nullptr) {
      return tl::unexpected(Error{ErrorKind::kInvalid, "says nothing of what was before",
                                  fmt::format("{}:{}", path, i + 1), "", 0});
    }
    entries.push_back({std::string(kube::text(object, {"repairer"})), *before});
  }
  return entries;
}

}  // namespace hitless::sys
