#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/control/controllers/ownership.h"
#include "core/kube/json.h"

namespace hitless::control {

/// "namespace/name", or "name" for cluster-scoped objects.
inline std::string keyOf(std::string_view ns, std::string_view name) {
  std::string key(ns);
  if (!key.empty()) {
    key += '/';
  }
  return key += name;
}

/// An object as JSON and decoded.
template <class T>
struct Known {
  kube::ObjectPtr object;
  Ref<T> value;
};

/// The objects of one kind, by key.
template <class T>
class Table {
 public:
  const Known<T>* find(std::string_view key) const {
    const auto it = rows_.find(key);
    return it == rows_.end() ? nullptr : &it->second;
  }

  Ref<T> valueAt(std::string_view key) const {
    const Known<T>* known = find(key);
    return known == nullptr ? nullptr : known->value;
  }

  /// Null `value` erases. Returns what was there before, or null.
  Ref<T> put(const std::string& key, kube::ObjectPtr object, Ref<T> value) {
    Ref<T> before = valueAt(key);
    if (value == nullptr) {
      rows_.erase(key);
    } else {
      rows_[key] = {std::move(object), std::move(value)};
    }
    return before;
  }

  /// The rows whose keys begin with `prefix`, in order: "ns/" or "ns/web-".
  template <class F>
  void forEachWithPrefix(std::string_view prefix, F each) const {
    for (auto it = rows_.lower_bound(prefix);
         it != rows_.end() && std::string_view(it->first).starts_with(prefix); ++it) {
      each(it->first, it->second);
    }
  }

  const std::map<std::string, Known<T>, std::less<>>& rows() const { return rows_; }

 private:
  std::map<std::string, Known<T>, std::less<>> rows_;
};

/// From a property to the keys of the objects that have it. Ordered, so that reconciles are
/// deterministic.
class Index {
 public:
  void add(const std::string& property, const std::string& key) { sets_[property].insert(key); }

  void remove(const std::string& property, const std::string& key) {
    const auto it = sets_.find(property);
    if (it != sets_.end() && it->second.erase(key) > 0 && it->second.empty()) {
      sets_.erase(it);
    }
  }

  const std::set<std::string>& at(const std::string& property) const {
    static const std::set<std::string> kNone;
    const auto it = sets_.find(property);
    return it == sets_.end() ? kNone : it->second;
  }

 private:
  std::unordered_map<std::string, std::set<std::string>> sets_;
};

}  // namespace hitless::control
