#include "core/control/pod_log.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/control/identity.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

std::vector<std::string> namesOf(const json::object& pod, std::string_view list) {
  std::vector<std::string> out;
  if (const json::array* containers = kube::findArray(pod, {"spec", list})) {
    for (const json::value& container : *containers) {
      if (container.is_object()) {
        out.emplace_back(kube::text(container.get_object(), {"name"}));
      }
    }
  }
  return out;
}

const json::object* statusOfContainer(const json::object& pod, std::string_view name) {
  for (const std::string_view list : {"containerStatuses", "initContainerStatuses"}) {
    const json::array* statuses = kube::findArray(pod, {"status", list});
    for (std::size_t i = 0; statuses != nullptr && i < statuses->size(); ++i) {
      const json::object* status = (*statuses)[i].if_object();
      if (status != nullptr && kube::text(*status, {"name"}) == name) {
        return status;
      }
    }
  }
  return nullptr;
}

ApiResult<std::string> chooseContainer(const json::object& pod, std::string_view asked) {
  const std::vector<std::string> main = namesOf(pod, "containers");
  const std::vector<std::string> init = namesOf(pod, "initContainers");
  const std::string_view name = nameOf(pod);
  if (asked.empty()) {
    if (main.size() == 1) {
      return main.front();
    }
    std::string message =
        fmt::format("a container name must be specified for pod {}, choose one of: [{}]", name,
                    join(main, " "));
    if (!init.empty()) {
      message += fmt::format(" or one of the init containers: [{}]", join(init, " "));
    }
    return refuse(badRequest(std::move(message)));
  }
  for (const auto* list : {&main, &init}) {
    if (std::find(list->begin(), list->end(), asked) != list->end()) {
      return std::string(asked);
    }
  }
  return refuse(badRequest(fmt::format("container {} is not valid for pod {}", asked, name)));
}

ApiResult<std::int64_t> chooseRun(const json::object& pod, const std::string& container,
                                  bool previous) {
  const json::object* status = statusOfContainer(pod, container);
  const std::int64_t restarts = status == nullptr ? 0 : kube::integer(*status, {"restartCount"});
  if (previous) {
    if (restarts == 0) {
      return refuse(badRequest(fmt::format(
          "previous terminated container \"{}\" in pod \"{}\" not found", container, nameOf(pod))));
    }
    return restarts - 1;
  }
  const bool ran =
      status != nullptr && (restarts > 0 || kube::find(*status, {"state", "waiting"}) == nullptr);
  if (!ran) {
    const std::string_view reason =
        status == nullptr
            ? "ContainerCreating"
            : kube::text(*status, {"state", "waiting", "reason"}, "ContainerCreating");
    return refuse(badRequest(fmt::format("container \"{}\" in pod \"{}\" is waiting to start: {}",
                                         container, nameOf(pod), reason)));
  }
  // While a container waits for its next start, its current log is that of the run that ended.
  const bool waiting = kube::find(*status, {"state", "waiting"}) != nullptr;
  return waiting ? std::max<std::int64_t>(0, restarts - 1) : restarts;
}

}  // namespace

ApiResult<std::optional<LogQuery>> logQuery(const json::object& pod, const Query& query,
                                            WallTime now) {
  LogQuery out;
  out.run.container = API_TRY(chooseContainer(pod, query.get("container")));
  if (kube::text(pod, {"spec", "nodeName"}).empty()) {
    return std::optional<LogQuery>();
  }
  out.run.restarts = API_TRY(chooseRun(pod, out.run.container, query.flag("previous")));
  out.run.ns = std::string(namespaceOf(pod));
  out.run.pod = std::string(nameOf(pod));
  out.run.podUid = std::string(uidOf(pod));
  out.follow = query.flag("follow");
  out.timestamps = query.flag("timestamps");
  out.tailLines = query.integer("tailLines");
  if (const auto age = query.integer("sinceSeconds")) {
    out.since = now - seconds{*age};
  } else if (const auto time = parseTime(query.get("sinceTime"))) {
    out.since = time;
  }
  if (const auto limit = query.integer("limitBytes"); limit && *limit > 0) {
    out.limitBytes = static_cast<std::uint64_t>(*limit);
  }
  return std::optional(std::move(out));
}

bool stillRunning(const Store& store, const ContainerRun& run) {
  const kube::ObjectPtr pod = store.get(kube::res::kPods, run.ns, run.pod);
  if (pod == nullptr || uidOf(*pod) != run.podUid) {
    return false;
  }
  const json::object* status = statusOfContainer(*pod, run.container);
  return status != nullptr && kube::integer(*status, {"restartCount"}) == run.restarts &&
         kube::find(*status, {"state", "running"}) != nullptr;
}

LogPrinter::LogPrinter(const LogQuery& query)
    : timestamps_(query.timestamps), since_(query.since), left_(query.limitBytes) {
  if (query.tailLines && *query.tailLines >= 0) {
    tail_ = static_cast<std::size_t>(*query.tailLines);
  }
}

std::string LogPrinter::feed(std::string_view bytes) {
  std::string out;
  while (!bytes.empty() && !full_) {
    const auto newline = bytes.find('\n');
    partial_ += bytes.substr(0, newline);
    if (newline == std::string_view::npos) {
      break;
    }
    record(partial_, out);
    partial_.clear();
    bytes.remove_prefix(newline + 1);
  }
  return limited(std::move(out));
}

/// TIME STREAM P|F TEXT; anything else is printed as it is.
void LogPrinter::record(std::string_view line, std::string& out) {
  const auto timeEnd = line.find(' ');
  const auto streamEnd = timeEnd == std::string_view::npos ? timeEnd : line.find(' ', timeEnd + 1);
  const bool tagged =
      streamEnd != std::string_view::npos && line.size() > streamEnd + 1 &&
      (line[streamEnd + 1] == 'F' || line[streamEnd + 1] == 'P') &&
      line.substr(streamEnd + 2, 1).find_first_not_of(' ') == std::string_view::npos;
  const auto at = tagged ? parseTime(line.substr(0, timeEnd)) : std::nullopt;
  if (!at) {
    emit(std::string(line) + "\n", out);
    return;
  }
  const std::string_view time = line.substr(0, timeEnd);
  const bool complete = line[streamEnd + 1] == 'F';
  if (since_ && *at < *since_) {
    return;
  }
  if (line_.empty() && timestamps_) {
    line_ = std::string(time) + " ";
  }
  line_ += line.substr(std::min(line.size(), streamEnd + 3));
  if (complete) {
    emit(std::exchange(line_, {}) + "\n", out);
  }
}

void LogPrinter::emit(std::string text, std::string& out) {
  if (!history_ || !tail_) {
    out += text;
    return;
  }
  last_.push_back(std::move(text));
  if (last_.size() > *tail_) {
    last_.pop_front();
  }
}

std::string LogPrinter::endOfHistory() {
  history_ = false;
  std::string out;
  for (const std::string& text : last_) {
    out += text;
  }
  last_.clear();
  return limited(std::move(out));
}

std::string LogPrinter::limited(std::string text) {
  if (left_) {
    text.resize(std::min<std::size_t>(text.size(), *left_));
    *left_ -= text.size();
    full_ = *left_ == 0;
  }
  return text;
}

}  // namespace hitless::control
