#include "core/control/controllers/template_hash.h"

#include <algorithm>
#include <vector>

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

/// Without vowels and look-alikes, so that no generated name is a word (rand.SafeEncodeString).
constexpr std::string_view kSafeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

class Fnv32a {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 16777619U;
    }
  }
  std::uint32_t sum() const { return state_; }

 private:
  std::uint32_t state_ = 2166136261U;
};

void addCanonical(const value& node, Fnv32a& hash);

void addObject(const object& node, Fnv32a& hash) {
  std::vector<const kube::json::key_value_pair*> members;
  for (const auto& member : node) {
    members.push_back(&member);
  }
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return a->key() < b->key(); });
  hash.add("{");
  for (const auto* member : members) {
    hash.add(kube::json::serialize(member->key()));
    hash.add(":");
    addCanonical(member->value(), hash);
    hash.add(",");
  }
  hash.add("}");
}

void addCanonical(const value& node, Fnv32a& hash) {
  if (const object* members = node.if_object()) {
    addObject(*members, hash);
  } else if (const array* items = node.if_array()) {
    hash.add("[");
    for (const value& item : *items) {
      addCanonical(item, hash);
      hash.add(",");
    }
    hash.add("]");
  } else {
    hash.add(kube::json::serialize(node));
  }
}

/// The metadata of a template as far as it decides what pods look like.
object comparableMetadata(const object& podTemplate) {
  object out;
  if (const object* metadata = kube::findObject(podTemplate, {"metadata"})) {
    for (const auto& [key, member] : *metadata) {
      if (key != "creationTimestamp" && !member.is_null()) {
        out.emplace(key, member);
      }
    }
  }
  kube::ensureObject(out, {"labels"}).erase(kTemplateHashLabel);
  kube::ensureObject(out, {"annotations"});
  return out;
}

}  // namespace

std::string templateHash(const object& podTemplate, std::optional<std::int64_t> collisionCount) {
  Fnv32a hash;
  addObject(podTemplate, hash);
  if (collisionCount) {
    hash.add(std::to_string(*collisionCount));
  }
  std::string out = std::to_string(hash.sum());
  for (char& c : out) {
    c = kSafeAlphabet[static_cast<unsigned char>(c) % kSafeAlphabet.size()];
  }
  return out;
}

bool sameTemplate(const object& a, const object& b) {
  const value* specA = kube::find(a, "spec");
  const value* specB = kube::find(b, "spec");
  const bool sameSpec = specA == nullptr || specB == nullptr ? specA == specB : *specA == *specB;
  return sameSpec && comparableMetadata(a) == comparableMetadata(b);
}

}  // namespace hitless::control
