#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hitless::testing::watermark {

enum class Kind : std::size_t { kPods, kServices, kSlices, kNodes };
constexpr std::size_t kKinds = 4;

/// One event of a watch.
struct News {
  std::uint64_t revision = 0;
  std::string type;  ///< ADDED, MODIFIED, DELETED
  std::string node;  ///< spec.nodeName of a pod
  std::string object;

  std::string line() const { return fmt::format(R"({{"type":"{}","object":{}}})", type, object); }
};

/// An API server's collections and their histories. One counter gives all revisions.
class Api {
 public:
  using Object = std::map<std::string, News>;

  std::function<void(Kind)> onNews;
  bool watchList = true;  ///< Serves sendInitialEvents.

  std::uint64_t revision() const { return revision_; }
  const Object& state(Kind kind) const { return of(kind).state; }
  const std::vector<News>& history(Kind kind) const { return of(kind).history; }
  /// Watches from before this revision are told 410.
  std::uint64_t oldest(Kind kind) const { return of(kind).oldest; }

  /// `metadata` and `rest` are members as JSON, each with its comma before it.
  std::uint64_t put(Kind kind, const std::string& name, std::string_view metadata,
                    std::string_view rest, const std::string& node = "") {
    const bool known = of(kind).state.contains(name);
    News news{
        ++revision_, known ? "MODIFIED" : "ADDED", node,
        fmt::format(R"({{"metadata":{{"namespace":"d","name":"{}","resourceVersion":"{}"{}}}{}}})",
                    name, revision_, metadata, rest)};
    of(kind).state[name] = news;
    return tell(kind, std::move(news));
  }

  void remove(Kind kind, const std::string& name) {
    const auto known = of(kind).state.find(name);
    if (known == of(kind).state.end()) {
      return;
    }
    News news = known->second;
    const std::string before = fmt::format(R"("resourceVersion":"{}")", news.revision);
    news.revision = ++revision_;
    news.type = "DELETED";
    news.object.replace(news.object.find(before), before.size(),
                        fmt::format(R"("resourceVersion":"{}")", revision_));
    of(kind).state.erase(known);
    tell(kind, std::move(news));
  }

  /// Forgets the history so far.
  void compact(Kind kind) { of(kind).oldest = revision_; }

 private:
  struct Collection {
    Object state;
    std::vector<News> history;
    std::uint64_t oldest = 0;
  };

  Collection& of(Kind kind) { return collections_[static_cast<std::size_t>(kind)]; }
  const Collection& of(Kind kind) const { return collections_[static_cast<std::size_t>(kind)]; }
  std::uint64_t tell(Kind kind, News news) {
    const std::uint64_t revision = news.revision;
    of(kind).history.push_back(std::move(news));
    onNews(kind);
    return revision;
  }

  std::uint64_t revision_ = 1;
  std::array<Collection, kKinds> collections_;
};

}  // namespace hitless::testing::watermark
