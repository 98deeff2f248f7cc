// A schema registry for tests that is not ours: srfake of franz-go, with faults on demand.
//
//	serve -listen 127.0.0.1:8081 [-auth "Basic ..."] [-cert F -key F [-client-ca F]]
//
// Beside the REST interface of Confluent's registry:
//
//	POST /_seed?subject=S&version=V&id=N   a schema with an id of our choice; body as for a version
//	POST /_fault?status=N&count=N&delay=D  the next N answers (-1: all): this status (0: none, the
//	                                       connection is cut), after D (a duration); count=0: none
//	GET  /_asked                           how many questions the registry was asked
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
)

type faults struct {
	sync.Mutex
	status, count, asked int
	delay                time.Duration
}

// One fault of those that are ordered; whether it was the answer.
func (f *faults) intercept(w http.ResponseWriter, _ *http.Request) bool {
	f.Lock()
	f.asked++
	status, delay, on := f.status, f.delay, f.count != 0
	if f.count > 0 {
		f.count--
	}
	f.Unlock()
	if !on {
		return false
	}
	time.Sleep(delay)
	if status == 200 { // slow, but right
		return false
	}
	if status == 0 {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
		return true
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error_code":%d,"message":"ordered by a test"}`, status*100+1)
	return true
}

func (f *faults) order(w http.ResponseWriter, r *http.Request) {
	status, _ := strconv.Atoi(r.URL.Query().Get("status"))
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	delay, _ := time.ParseDuration(r.URL.Query().Get("delay"))
	f.Lock()
	f.status, f.count, f.delay = status, count, delay
	f.Unlock()
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	auth := flag.String("auth", "", "Authorization header that is asked for")
	cert := flag.String("cert", "", "certificate: serve TLS")
	key := flag.String("key", "", "its key")
	clientCA := flag.String("client-ca", "", "certificates that sign the clients'")
	flag.Parse()

	var options []srfake.Option
	if *auth != "" {
		options = append(options, srfake.WithAuth(*auth))
	}
	registry, f := srfake.NewRegistry(options...), &faults{}
	registry.Intercept(f.intercept)
	mux := http.NewServeMux()
	mux.Handle("/", registry.Handler())
	mux.HandleFunc("POST /_fault", f.order)
	mux.HandleFunc("GET /_asked", func(w http.ResponseWriter, _ *http.Request) {
		f.Lock()
		defer f.Unlock()
		fmt.Fprintln(w, f.asked)
	})
	mux.HandleFunc("POST /_seed", func(w http.ResponseWriter, r *http.Request) {
		var schema sr.Schema
		q := r.URL.Query()
		version, _ := strconv.Atoi(q.Get("version"))
		id, _ := strconv.Atoi(q.Get("id"))
		if err := json.NewDecoder(r.Body).Decode(&schema); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		registry.SeedSchema(q.Get("subject"), version, id, schema)
	})

	server := &http.Server{Handler: mux, ErrorLog: log.New(os.Stderr, "", 0)}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.TrimPrefix(listener.Addr().String(), "127.0.0.1:"))
	if *cert == "" {
		log.Fatal(server.Serve(listener))
	}
	server.TLSConfig = &tls.Config{}
	if *clientCA != "" {
		pem, err := os.ReadFile(*clientCA)
		if err != nil {
			log.Fatal(err)
		}
		server.TLSConfig.ClientCAs = x509.NewCertPool()
		server.TLSConfig.ClientCAs.AppendCertsFromPEM(pem)
		server.TLSConfig.ClientAuth = tls.RequireAndVerifyClientCert
	}
	log.Fatal(server.ServeTLS(listener, *cert, *key))
}
