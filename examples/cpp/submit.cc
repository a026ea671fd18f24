/* SPDX-License-Identifier: 0BSD */
/*
 * The library from C++: handles in std::unique_ptr, so that none is lost when something throws, and
 * errors as exceptions that keep their code.
 *
 *   submit URL FROM TO    submits one message
 *   submit                shows it against a server of its own
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace mail
{

class Error : public std::runtime_error
{
  public:
    explicit Error(int code) : std::runtime_error(mailsub_strerror(code)), code_(code)
    {
    }
    int code() const noexcept
    {
        return code_;
    }
    bool is_temporary() const noexcept
    {
        return mailsub_error_action(code_) == MAILSUB_ACTION_RETRY_LATER;
    }

  private:
    int code_;
};

inline void need(int code)
{
    if (code != MAILSUB_OK)
        throw Error(code);
}

struct Release {
    void operator()(mailsub_config *config) const noexcept
    {
        mailsub_config_unref(config);
    }
    void operator()(mailsub_session *session) const noexcept
    {
        mailsub_session_free(session);
    }
    void operator()(mailsub_message *message) const noexcept
    {
        mailsub_message_free(message);
    }
    void operator()(mailsub_receipt *receipt) const noexcept
    {
        mailsub_receipt_free(receipt);
    }
    void operator()(mailsub_testing_server *server) const noexcept
    {
        mailsub_testing_server_free(server);
    }
};

template <typename T> using Handle = std::unique_ptr<T, Release>;

class Message
{
  public:
    Message()
    {
        mailsub_message *message = nullptr;
        need(mailsub_message_new(nullptr, &message));
        message_.reset(message);
    }
    Message &from(const std::string &address, const std::string &name = {})
    {
        need(mailsub_message_set_from(get(), address.c_str(), name.c_str()));
        return *this;
    }
    Message &to(const std::string &address, const std::string &name = {})
    {
        need(mailsub_message_add_recipient(get(), MAILSUB_RECIPIENT_TO, address.c_str(),
                                           name.c_str()));
        return *this;
    }
    Message &subject(const std::string &text)
    {
        need(mailsub_message_set_subject(get(), text.c_str()));
        return *this;
    }
    Message &text(const std::string &text)
    {
        need(mailsub_message_set_text(get(), text.data(), text.size()));
        return *this;
    }
    mailsub_message *get() const noexcept
    {
        return message_.get();
    }

  private:
    Handle<mailsub_message> message_;
};

class Session
{
  public:
    explicit Session(const std::string &url)
    {
        mailsub_config *config = nullptr;
        mailsub_session *session = nullptr;
        need(mailsub_config_new(nullptr, &config));
        const Handle<mailsub_config> owner(config);
        need(mailsub_config_set_url(config, url.c_str()));
        need(mailsub_session_new(config, &session)); /* which takes a reference of its own */
        session_.reset(session);
    }
    void submit(const Message &message)
    {
        need(mailsub_session_submit(session_.get(), message.get(), nullptr));
    }

  private:
    Handle<mailsub_session> session_;
};

} // namespace mail

static void send(const std::string &url, const std::string &from, const std::string &to)
{
    mail::Message message;
    message.from(from, "Bücherei").to(to).subject("Ihre Vormerkung ist da").text("Bis Freitag.\n");
    mail::Session(url).submit(message);
}

static bool show()
{
    mailsub_testing_server *raw = nullptr;
    mail::need(mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &raw));
    const mail::Handle<mailsub_testing_server> server(raw);
    mail::need(mailsub_testing_server_add_rule(raw, "RCPT", "<gone@", "550 5.1.1 Gone", 0));
    mail::need(mailsub_testing_server_start(raw));
    const std::string url = mailsub_testing_server_get_url(raw);
    send(url, "lib@example.org", "bob@example.net");
    try {
        send(url, "lib@example.org", "gone@example.net");
        return false;
    } catch (const mail::Error &error) {
        return error.code() == MAILSUB_E_RECIPIENTS_REFUSED && !error.is_temporary() &&
               mailsub_testing_server_count_messages(raw) == 1;
    }
}

int main(int argc, char **argv)
{
    try {
        if (argc == 1)
            return show() ? 0 : 1;
        if (argc != 4)
            return 64;
        send(argv[1], argv[2], argv[3]);
        return 0;
    } catch (const mail::Error &error) {
        std::cerr << error.what() << "\n";
        return mailsub_error_sysexit(error.code());
    }
}
