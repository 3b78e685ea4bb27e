#include "core/proxy/fields.h"

#include <algorithm>

namespace hitless::proxy {
namespace {

constexpr std::size_t kUsualFields = 12;
constexpr std::size_t kUsualText = 400;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Fields::Fields(std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    add(field.name, field.value);
  }
}

void Fields::add(std::string_view name, std::string_view value) {
  if (spans_.empty()) {  // Most messages need no more, and so two pieces of memory in all.
    spans_.reserve(kUsualFields);
    text_.reserve(kUsualText);
  }
  spans_.push_back({static_cast<std::uint32_t>(text_.size()),
                    static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())});
  const std::size_t begin = text_.size();
  text_.append(name).append(value);
  std::transform(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                 text_.begin() + static_cast<std::ptrdiff_t>(begin + name.size()),
                 text_.begin() + static_cast<std::ptrdiff_t>(begin), lower);
}

Field Fields::operator[](std::size_t index) const {
  const Span& span = spans_[index];
  const std::string_view text = text_;
  return {text.substr(span.begin, span.name), text.substr(span.begin + span.name, span.value)};
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (const Field field = (*this)[i]; field.name == name) {
      return field.value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> Fields::joined(std::string_view name) const {
  std::optional<std::string> all;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (const Field field = (*this)[i]; field.name == name) {
      all = all ? *all + ", " + std::string(field.value) : std::string(field.value);
    }
  }
  return all;
}

void Fields::set(std::string_view name, std::string_view value) {
  const std::string kept(value);  // it may lie in text_
  erase(name);
  add(name, kept);
}

void Fields::erase(std::string_view name) {
  if (!find(name)) {
    return;  // Most often: what is erased is what nobody should have sent.
  }
  const std::string wanted(name);
  Fields rest;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (const Field field = (*this)[i]; field.name != wanted) {
      rest.add(field.name, field.value);
    }
  }
  *this = std::move(rest);
}

void Fields::clear() {
  text_.clear();
  spans_.clear();
}

bool Fields::operator==(const Fields& other) const {
  if (size() != other.size()) {
    return false;
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i] != other[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace hitless::proxy
