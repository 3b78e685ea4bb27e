#include "core/watch/gathering.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::watch {
namespace {

std::string keyOf(const kube::json::object& object) {
  return fmt::format("{}/{}", kube::text(object, {"metadata", "namespace"}),
                     kube::text(object, {"metadata", "name"}));
}

}  // namespace

void Gathering::add(kube::json::object object) {
  if (indexed_) {
    return change(ChangeType::kUpsert, std::move(object));
  }
  objects_.push_back(
      {ChangeType::kUpsert, std::make_shared<const kube::json::object>(std::move(object))});
}

void Gathering::change(ChangeType type, kube::json::object object) {
  buildIndex();
  const auto [found, isNew] = index_.try_emplace(keyOf(object), objects_.size());
  if (isNew) {
    objects_.emplace_back();
  }
  objects_[found->second].object =
      type == ChangeType::kDelete ? nullptr
                                  : std::make_shared<const kube::json::object>(std::move(object));
}

Update Gathering::take(std::uint64_t revision) {
  Update update;
  update.kind = Update::Kind::kFull;
  update.revision = revision;
  update.changes = std::exchange(objects_, {});
  std::erase_if(update.changes, [](const Change& change) { return change.object == nullptr; });
  clear();
  return update;
}

void Gathering::clear() {
  objects_ = {};
  index_ = {};
  indexed_ = false;
}

void Gathering::buildIndex() {
  if (std::exchange(indexed_, true)) {
    return;
  }
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    index_.emplace(keyOf(*objects_[i].object), i);
  }
}

}  // namespace hitless::watch
