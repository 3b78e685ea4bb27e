#include "core/kube/field_set.h"

#include <fmt/format.h>

namespace hitless::kube {
namespace {

constexpr std::string_view kSelf = ".";

void read(const json::object& fields, FieldSet& out) {
  out.member = fields.empty();
  for (const auto& entry : fields) {
    if (entry.key() == kSelf) {
      out.member = true;
    } else if (const json::object* child = entry.value().if_object()) {
      read(*child, out.children[std::string(entry.key())]);
    }
  }
}

/// `[name="c",protocol="TCP"]` of `k:{"name":"c","protocol":"TCP"}`.
std::string keyText(std::string_view encoded) {
  const auto parsed = parseJson(encoded);
  const json::object* keys = parsed ? parsed->if_object() : nullptr;
  if (keys == nullptr) {
    return fmt::format("[{}]", encoded);
  }
  std::string out;
  for (const auto& entry : *keys) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ",", std::string_view(entry.key()),
                       json::serialize(entry.value()));
  }
  return "[" + out + "]";
}

std::string elementText(std::string_view element) {
  const std::string_view rest = element.substr(std::min<std::size_t>(2, element.size()));
  switch (element.empty() ? '\0' : element[0]) {
    case 'k':
      return keyText(rest);
    case 'v':
      return fmt::format("[={}]", rest);
    case 'i':
      return fmt::format("[{}]", rest);
    default:
      return fmt::format(".{}", rest);
  }
}

void collect(const FieldSet& set, const std::string& path, std::vector<std::string>& out) {
  if (set.member) {
    out.push_back(path);
  }
  for (const auto& [element, child] : set.children) {
    collect(child, path + elementText(element), out);
  }
}

}  // namespace

FieldSet FieldSet::fromJson(const json::object& fields) {
  FieldSet out;
  read(fields, out);
  out.member = false;
  return out;
}

json::object FieldSet::toJson() const {
  json::object out;
  if (member && !children.empty()) {
    out.emplace(kSelf, json::object{});
  }
  for (const auto& [element, child] : children) {
    out.emplace(element, child.toJson());
  }
  return out;
}

bool FieldSet::empty() const {
  return !member && children.empty();
}

const FieldSet* FieldSet::find(std::string_view element) const {
  const auto it = children.find(element);
  return it == children.end() ? nullptr : &it->second;
}

void FieldSet::add(const FieldSet& other) {
  member = member || other.member;
  for (const auto& [element, child] : other.children) {
    children[element].add(child);
  }
}

void FieldSet::subtract(const FieldSet& other) {
  member = member && !other.member;
  for (const auto& [element, child] : other.children) {
    const auto it = children.find(element);
    if (it != children.end()) {
      it->second.subtract(child);
      if (it->second.empty()) {
        children.erase(it);
      }
    }
  }
}

FieldSet FieldSet::intersect(const FieldSet& other) const {
  FieldSet out;
  out.member = member && other.member;
  for (const auto& [element, child] : children) {
    if (const FieldSet* match = other.find(element)) {
      FieldSet common = child.intersect(*match);
      if (!common.empty()) {
        out.children.emplace(element, std::move(common));
      }
    }
  }
  return out;
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  collect(*this, "", out);
  return out;
}

}  // namespace hitless::kube
