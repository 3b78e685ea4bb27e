#include "core/proxy/access_log/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "core/proxy/escape.h"

namespace hitless::proxy {
namespace {

void appendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  const char* end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

/// A value that is not in quotes has no blank in it, so that a line's words can be counted; Envoy
/// does the same with details. Nothing is quoted but what the format quotes.
void appendText(std::string& out, std::string_view text, bool quoted) {
  const std::size_t begin = out.size();
  appendEscaped(out, text);
  if (!quoted && text.find(' ') != std::string_view::npos) {
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), ' ', '_');
  }
}

void appendTextValue(std::string& out, const LogValue& value, std::size_t most, bool quoted) {
  if (value.number) {
    appendNumber(out, *value.number);
  } else if (value.text.empty()) {
    out += '-';
  } else {
    appendText(out, value.text.substr(0, most), quoted);
  }
}

void appendJsonValue(std::string& out, const LogValue& value) {
  if (value.number) {
    appendNumber(out, *value.number);
  } else if (value.text.empty()) {
    out += "null";
  } else {
    appendJson(out, value.text);
  }
}

struct Command {
  std::string_view name;
  std::size_t most = std::string::npos;
};

/// "REQ(USER-AGENT):20". A header's name may have a colon too, but only in parentheses.
Result<Command> parseCommand(std::string_view text) {
  const std::size_t close = text.rfind(')');
  const std::size_t colon = text.find(':', close == std::string_view::npos ? 0 : close);
  if (colon == std::string_view::npos) {
    return Command{text};
  }
  const auto most = parseUint(text.substr(colon + 1));
  if (!most) {
    return invalid(fmt::format("%{}%: a number of bytes is expected after the colon", text));
  }
  return Command{text.substr(0, colon), *most};
}

Result<const LogField*> fieldOf(std::string_view command) {
  if (const LogField* field = findLogField(command)) {
    return field;
  }
  std::vector<std::string> known;
  for (const LogField& field : logFields()) {
    known.push_back(fmt::format("%{}%", field.command));
  }
  return invalid(fmt::format("access log format: there is no %{}%", escaped(command)),
                 "there is " + join(known, " "));
}

}  // namespace

std::string_view istioLogFormat() {
  return "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
         "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
         "%CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" "
         "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
         "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" "
         "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
         "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
         "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";
}

Result<AccessLogFormat> AccessLogFormat::parse(std::string_view format) {
  AccessLogFormat made;
  Part part;
  bool quoted = false;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      quoted = quoted != (format[at] == '"');
      part.before += format[at++];
      continue;
    }
    const std::size_t end = format.find('%', at + 1);
    if (end == std::string_view::npos) {
      return invalid(
          fmt::format("access log format: \"{}\" has no closing %", escaped(format.substr(at))),
          "write %% for a percent sign");
    }
    if (end == at + 1) {
      part.before += '%';
    } else {
      const Command command = TRY(parseCommand(format.substr(at + 1, end - at - 1)));
      part.field = TRY(fieldOf(command.name));
      part.most = command.most;
      part.quoted = quoted;
      made.parts_.push_back(std::exchange(part, Part{}));
    }
    at = end + 1;
  }
  if (!part.before.ends_with('\n')) {
    part.before += '\n';
  }
  made.parts_.push_back(std::move(part));
  return made;
}

AccessLogFormat AccessLogFormat::text() {
  return *parse(istioLogFormat());
}

AccessLogFormat AccessLogFormat::json() {
  AccessLogFormat made;
  made.json_ = true;
  for (const LogField& field : logFields()) {
    if (!field.key.empty()) {
      made.parts_.push_back(
          {fmt::format("{}\"{}\":", made.parts_.empty() ? "{" : ",", field.key), &field});
    }
  }
  made.parts_.push_back({"}\n"});
  return made;
}

void AccessLogFormat::append(std::string& out, const RequestRecord& record) const {
  LogScratch scratch;
  for (const Part& part : parts_) {
    out += part.before;
    if (part.field == nullptr) {
      return;
    }
    scratch.clear();
    const LogValue value = part.field->value(record, scratch);
    if (json_) {
      appendJsonValue(out, value);
      continue;
    }
    appendTextValue(out, value, part.most, part.quoted);
  }
}

}  // namespace hitless::proxy
