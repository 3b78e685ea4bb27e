#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

/// What an API server says in lists and watches.
namespace hitless::testing {

inline std::string listItem(std::string_view name, int revision) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, revision);
}

inline std::string listPage(int revision, std::string_view items, std::string_view more = "") {
  return fmt::format(R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                     revision, more, items);
}

inline std::string watchEvent(std::string_view type, std::string_view name, int revision) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, listItem(name, revision));
}

/// The bookmark after the initial events of a WatchList.
inline std::string initialEventsEnd(int revision) {
  return fmt::format(
      R"({{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"{}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}}})",
      revision);
}

inline std::string watchError(int code, std::string_view reason = "Expired") {
  return fmt::format(
      R"({{"type":"ERROR","object":{{"kind":"Status","code":{},"reason":"{}","message":"too old"}}}})",
      code, reason);
}

}  // namespace hitless::testing
