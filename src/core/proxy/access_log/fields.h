#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/proxy/request_record.h"

/// What an access log can say of a request: one table for formats, JSON keys and documentation.
namespace hitless::proxy {

/// A place for a value's text; what does not fit is left out.
class LogScratch {
 public:
  void clear() { size_ = 0; }
  void add(std::string_view text);
  void add(std::uint64_t number);
  /// With leading zeros.
  void addDigits(std::uint64_t number, int digits);
  void add(const Address& address);
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 320> bytes_;
  std::size_t size_ = 0;
};

/// A number or a text. No value is "-" in a line and null in JSON.
struct LogValue {
  std::optional<std::uint64_t> number;
  std::string_view text;  ///< Of `record` or `scratch`; empty: none.
};

struct LogField {
  std::string_view command;  ///< Envoy's, without the percent signs: "REQ(:METHOD)".
  std::string_view key;      ///< In JSON; empty: another name of a field above.
  std::string_view meaning;  ///< For documentation.
  LogValue (*value)(const RequestRecord& record, LogScratch& scratch);
};

std::span<const LogField> logFields();
/// Header names in commands are read whatever their case.
const LogField* findLogField(std::string_view command);

}  // namespace hitless::proxy
