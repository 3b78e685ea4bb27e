#pragma once

#include <deque>
#include <map>
#include <utility>

#include "core/control/store.h"

namespace hitless::control {

/// The store in memory. Finding the changes since a revision costs a binary search plus the
/// changes.
class MemoryStore : public Store {
 public:
  /// `historyLimit`: how many changes (of all resources together) watches can go back.
  explicit MemoryStore(std::size_t historyLimit = 10000) : historyLimit_(historyLimit) {}

  std::uint64_t revision() const override { return revision_; }
  kube::ObjectPtr get(const kube::Resource& resource, std::string_view ns,
                      std::string_view name) const override;
  std::vector<kube::ObjectPtr> list(const kube::Resource& resource,
                                    std::string_view ns) const override;
  Result<kube::ObjectPtr> create(const kube::Resource& resource, std::string_view ns,
                                 std::string_view name, kube::json::object object) override;
  Result<kube::ObjectPtr> update(const kube::Resource& resource, std::string_view ns,
                                 std::string_view name, std::uint64_t expected,
                                 kube::json::object object) override;
  Result<kube::ObjectPtr> remove(const kube::Resource& resource, std::string_view ns,
                                 std::string_view name, std::uint64_t expected) override;
  Result<std::vector<StoreEvent>> since(const kube::Resource& resource,
                                        std::uint64_t revision) const override;
  Subscription subscribe(Listener listener) override;
  void cancel(Subscription subscription) override;

 private:
  using Key = std::pair<std::string, std::string>;
  using KeyView = std::pair<std::string_view, std::string_view>;
  struct KeyLess {
    using is_transparent = void;
    bool operator()(const KeyView& a, const KeyView& b) const { return a < b; }
  };
  struct Stored {
    kube::ObjectPtr object;
    std::uint64_t revision = 0;
  };
  struct Bucket {
    std::map<Key, Stored, KeyLess> objects;
    std::deque<StoreEvent> history;  ///< Revisions ascend.
    std::uint64_t compacted = 0;     ///< Revision of the newest change that was forgotten.
  };

  Result<std::map<Key, Stored, KeyLess>::iterator> expect(Bucket& bucket,
                                                          const kube::Resource& resource,
                                                          std::string_view ns,
                                                          std::string_view name,
                                                          std::uint64_t expected);
  kube::ObjectPtr stamp(kube::json::object object);
  void commit(Bucket& bucket, StoreEvent event);
  void forgetOldest();
  void notify(const StoreEvent& event);

  std::size_t historyLimit_;
  std::uint64_t revision_ = 0;
  std::map<const kube::Resource*, Bucket> buckets_;
  std::deque<Bucket*> order_;  ///< Whose change each kept one is, oldest first.
  std::map<Subscription, std::shared_ptr<Listener>> listeners_;
  Subscription nextSubscription_ = 1;
};

}  // namespace hitless::control
