// A Vault server of the tests, over the packages of HashiCorp's: the key-value engine, a few ways to
// log in, storage in memory. It serves sealed and without keys until its API is told otherwise.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

var (
	engines = map[string]logical.Factory{"kv": kv.Factory}
	logins  = map[string]logical.Factory{
		"approle": approle.Factory, "jwt": jwt.Factory, "userpass": userpass.Factory,
	}
)

// builtins tells Vault that these came with it.
type builtins struct{}

func (builtins) Contains(name string, kind consts.PluginType) bool {
	_, found := builtins{}.Get(name, kind)
	return found
}

func (builtins) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	factory := engines[name]
	if kind == consts.PluginTypeCredential {
		factory = logins[name]
	}
	return func() (interface{}, error) { return factory, nil }, factory != nil
}

func (builtins) Keys(kind consts.PluginType) []string { return nil }

func (builtins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, true
}

func (builtins) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func main() {
	certificate := flag.String("certificate", "", "PEM file with a certificate and its key: serve TLS")
	authority := flag.String("authority", "", "PEM file: only clients with a certificate of it")
	flag.Parse()
	logger := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn})
	storage, err := inmem.NewTransactionalInmem(nil, logger)
	check(err)
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		StorageType:        "inmem",
		LogicalBackends:    engines,
		CredentialBackends: logins,
		BuiltinRegistry:    builtins{},
		DisableMlock:       true,
		Logger:             logger,
		DefaultLeaseTTL:    24 * time.Hour,
		MaxLeaseTTL:        24 * time.Hour,
	})
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core: core,
		ListenerConfig: &configutil.Listener{
			Type: "tcp", Address: listener.Addr().String(), MaxRequestDuration: time.Minute,
			MaxRequestSize: 32 << 20,
		},
	})
	fmt.Println(listener.Addr().String())
	server := &http.Server{Handler: handler, ErrorLog: log.New(os.Stderr, "", 0)}
	if *certificate == "" {
		check(server.Serve(listener))
	}
	if *authority != "" {
		server.TLSConfig = &tls.Config{
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool(),
		}
		pem, err := os.ReadFile(*authority)
		check(err)
		server.TLSConfig.ClientCAs.AppendCertsFromPEM(pem)
	}
	check(server.ServeTLS(listener, *certificate, *certificate))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
